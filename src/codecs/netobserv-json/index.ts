export { NetObservReader } from './decode.ts'
export { conditionsOf, netobservJson, netobservWriter } from './encode.ts'
