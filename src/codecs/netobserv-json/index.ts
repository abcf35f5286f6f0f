export { NetObservReader } from './decode.ts'
export { conditionsOf, netobservJson, netobservWriter, type NetObservFields } from './encode.ts'
