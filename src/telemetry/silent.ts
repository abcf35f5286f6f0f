/** For runs beside a server, of which nothing is logged or measured. */
import type { Log, Metrics } from './ports.ts'

export const silent: Log = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} }
export const uncounted: Metrics = { count: () => {}, set: () => {} }
