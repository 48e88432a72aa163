// Instants to the second, as somebody who compares them needs them: in UTC, and in the time of this machine.

/** `2027-05-21 16:00:00 UTC`. */
export function utcTime(instantMs: number): string {
  return `${new Date(instantMs).toISOString().slice(0, -5).replace('T', ' ')} UTC`;
}

/** `2027-05-22 00:00:00 +08:00`, in the time zone of the process. */
export function localTime(instantMs: number): string {
  const offset = -new Date(instantMs).getTimezoneOffset();
  const shifted = new Date(instantMs + offset * 60_000).toISOString().slice(0, -5).replace('T', ' ');
  const [hours, minutes] = [Math.floor(Math.abs(offset) / 60), Math.abs(offset) % 60];
  return `${shifted} ${offset < 0 ? '-' : '+'}${twoDigits(hours)}:${twoDigits(minutes)}`;
}

function twoDigits(value: number): string {
  return String(value).padStart(2, '0');
}
