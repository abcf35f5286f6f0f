import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

setFlagsFromString('--expose-gc')

/** Collects all garbage, so that memory figures count only live objects. */
export const collectGarbage = runInNewContext('gc') as () => void
