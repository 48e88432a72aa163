// SQL that a person pastes.

/** A name as SQL takes it, whatever stands in it. */
export function identifier(name: string): string {
  return /^[a-z_][a-z0-9_]*$/.test(name) ? name : `"${name.replaceAll('"', '""')}"`;
}
