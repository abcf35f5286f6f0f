// Loaded before Weir with `--import`: every thread's wall clock is ahead by the milliseconds that stand in CLOCK_SHIFT_FILE. Durations
// do not change, as on a machine whose clock is set.
import { readFileSync } from 'node:fs'

const file = process.env['CLOCK_SHIFT_FILE']
if (file !== undefined) {
  const now = Date.now
  const read = (): number => Number(readFileSync(file, 'utf8'))
  let shift = read()
  setInterval(() => {
    shift = read()
  }, 20).unref()
  Date.now = () => now() + shift
}
