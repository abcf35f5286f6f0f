/** A condition must hold this long, because panels appear one after another. The time is that of its first moment. */
const steadyMs = 150
const limitMs = 300_000

/** Runs in the page from its start: the promise NAME has the time (ms) since which the condition holds. */
export function readyScript(condition: string, name = 'ready'): string {
  return `globalThis.${name} = new Promise((resolve) => {
    let since
    const look = () => {
      const now = performance.now()
      since = (${condition}) ? (since ?? now) : undefined
      if (since !== undefined && now - since >= ${steadyMs}) resolve(since)
      else if (now > ${limitMs}) resolve(Infinity)
      else setTimeout(look, 10)
    }
    look()
  })`
}
