// One statement and its answer.

export type Row = Readonly<Record<string, unknown>>;
export interface Result {
  readonly rows: readonly Row[];
  readonly rowCount: number | null;
}
export type Query = (sql: string, values?: readonly unknown[]) => Promise<Result>;
