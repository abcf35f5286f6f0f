export const liveText = {
  pausedInThisTab: 'paused in this tab',
  reconnecting: (detail: string, seconds: number, meanwhile: string) =>
    `${detail} Retrying in ${seconds} s${meanwhile}.`,
  retryNow: 'Retry now',
  shown: (rate: string, shown: string) => `${rate} · ${shown} shown`,
  rowsRange: 'The time range of the rows',
  passed: (passed: string) => ` · ${passed} too fast to show`,
  pending: (pending: string) => ` · catching up: ${pending} earlier rows left`,
  heldNew: (held: string) => `${held} new, held while you read`,
  newRows: (held: string, more: string) => `${held}${more} new`,
  andMore: ' and more',
  polledEvery: 'polled every 3 s',
  heldNotLost: '; new rows are held, not lost',
  heldWhileReading: (waiting: string) => `${waiting}, held while you read`,
  catchUpAllHint: 'Resume with everything received since the pause',
  catchUpWith: (waiting: string) => `Catch up (${waiting})`,
  catchUpHint: 'Resume with every row received since the pause',
  catchUp: (held: string) => `Catch up (${held} new)`,
  jumpHint: 'Resume with the newest rows and skip earlier rows received since the pause',
  jumpToNow: 'Jump to now',
  summary: (rate: string, matched: string) => `${rate} flows, ${matched} since this view was opened`,
  account: (matched: string, arrived: string, passed: string, lost: string) =>
    `Since this view was opened: ${matched} flows matched, ${arrived} shown, ${passed} too fast to show, ` +
    `${lost} skipped while the table was held`,
  tooSlow: (when: string) => `Rows are missing at ${when}: this browser was too slow.`,
  leftMemory: (when: string) => `Rows before ${when} are missing: they had left the live memory.`,
  otherServer: (when: string) =>
    `At ${when} the stream switched to another server or journal. Earlier rows are from the previous one.`,
  skipped: (left: string) => `Jumping to now skipped ${left} rows.`,
  tooMany: (lost: string) => `${lost} rows were dropped: too many arrived while the table was held.`,
  streamClosed: 'The server closed the stream.',
  thisView: 'This view ',
}
