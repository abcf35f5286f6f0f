export { NetObservReader } from './decode.ts'
export { netobservJson, type NetObservOptions } from './encode.ts'
