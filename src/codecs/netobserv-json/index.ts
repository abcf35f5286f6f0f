/** Flows as the JSON records of NetObserv's pipeline, both ways. */
export { NetObservReader } from './decode.ts'
export { netobservJson, type NetObservOptions } from './encode.ts'
