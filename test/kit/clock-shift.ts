// Loaded before Weir with `--import`: adds the milliseconds of CLOCK_SHIFT_FILE to the wall clock of every thread.
// Durations do not change.
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
