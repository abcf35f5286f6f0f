export {
  simulatedHost as fakeHost,
  startOfTime,
  type SimulatedHost as FakeHost,
} from '../../src/host/simulated/machine.ts'
