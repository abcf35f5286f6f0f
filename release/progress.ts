// Progress of the builders on standard error. Tests do not show it.
const state = { since: performance.now(), isShown: false }

export function showProgress(): void {
  state.isShown = true
}

export function step(text: string): void {
  if (!state.isShown) return
  const seconds = ((performance.now() - state.since) / 1000).toFixed(0)
  process.stderr.write(`${seconds.padStart(4)} s  ${text}\n`)
}
