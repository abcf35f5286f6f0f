export { conditionOf } from '../../../parts/endpoint-condition.ts'
