export { ForgetfulDisk, type ForgetfulOptions } from '../../src/host/simulated/disk.ts'
