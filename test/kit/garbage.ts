import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

setFlagsFromString('--expose-gc')

/** Collects all garbage now: what was not yet collected says nothing of what is in use, and costs whoever comes next. */
export const collectGarbage = runInNewContext('gc') as () => void
