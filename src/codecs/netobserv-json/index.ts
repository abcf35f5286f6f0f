export { NetObservReader } from './decode.ts'
export { conditionsOf, netobservJson, type Condition, type NetObservOptions } from './encode.ts'
