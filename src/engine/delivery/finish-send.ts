import type { Timer, Timers } from '../../host/index.ts'

/** Time of a working sink to complete a send after its stop. */
const finishMs = 3000

/** Aborts `cut` some time after the stop, so that a working sink completes its range: an aborted send is repeated. */
export function finishSend(
  stop: AbortSignal,
  cut: AbortController,
  isFailing: () => boolean,
  timers: Timers,
): Readonly<{ end: () => void }> {
  let timer: Timer | undefined
  const begin = () => {
    if (isFailing()) cut.abort()
    else timer = timers.after(finishMs, () => cut.abort())
  }
  if (stop.aborted) begin()
  else stop.addEventListener('abort', begin, { once: true })
  return {
    end() {
      timer?.cancel()
      stop.removeEventListener('abort', begin)
    },
  }
}
