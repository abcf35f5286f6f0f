/** Receive times (Unix ms) of some rows, and their number. */
export type RowsReceived = Readonly<{ from: number; to: number; rows: number }>
