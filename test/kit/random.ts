export { normal, SeededRandom } from '../../src/host/simulated/random.ts'
