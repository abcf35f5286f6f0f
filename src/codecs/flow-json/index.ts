/** Flows as JSON objects. */
export { flowJson } from './encode.ts'
export { isoTime } from './time.ts'
