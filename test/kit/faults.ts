export { diskError, Faults, type FaultOptions, type Operation } from '../../src/host/simulated/faults.ts'
