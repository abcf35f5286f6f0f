/** The server's clock. Ranges that end at `now` follow it: a slow clock of the browser would hide the newest flows. */

let ahead: number | undefined

/**
 * Takes the `Date` header of a response; times of the request and the response by the browser's clock, in Unix ms. The
 * header has whole seconds, so the estimate is at most a second late, and never early.
 */
export function noteServerTime(date: string | null, sent: number, received: number): void {
  const at = Date.parse(date ?? '')
  if (Number.isNaN(at)) return
  const [least, most] = [at - received, at + 1000 - sent]
  // An estimate below the least was made before a change of the browser's clock.
  ahead = ahead === undefined || ahead < least ? most : Math.min(ahead, most)
}

/** Unix ms by the server's clock; by the browser's before the first response. */
export function serverNow(): number {
  return Date.now() + (ahead ?? 0)
}
