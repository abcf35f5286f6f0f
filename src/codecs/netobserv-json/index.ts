export { NetObservReader } from './decode.ts'
export { conditionsOf, netobservJson, netobservWriter, type Condition, type NetObservOptions } from './encode.ts'
