import { describe, expect, test } from 'vitest'
import { mountOf, realMachine } from './machine.ts'

const table = [
  '1 0 0:1 / / rw,relatime shared:1 - overlay overlay rw,lowerdir=/l',
  '2 1 0:2 / /proc rw,nosuid - proc proc rw',
  '3 1 0:3 / /data rw,relatime shared:2 master:3 - ext4 /dev/sda1 rw',
  '4 3 0:4 / /data/my\\040disk ro,relatime - xfs /dev/sdb1 rw',
  '5 1 0:5 / /var/lib rw - ext4 /dev/sdc1 rw',
  '6 5 0:6 / /var/lib rw - tmpfs tmpfs rw,size=64m',
  '',
].join('\n')

describe('the mount that contains a path', () => {
  test('is the one with the longest matching folder', () => {
    expect(mountOf(table, '/data/weir')).toEqual({ type: 'ext4', mountPoint: '/data', readOnly: false })
    expect(mountOf(table, '/database')).toEqual({ type: 'overlay', mountPoint: '/', readOnly: false })
  })
  test('may have a blank in its name and be read-only', () => {
    expect(mountOf(table, '/data/my disk/weir')).toEqual({ type: 'xfs', mountPoint: '/data/my disk', readOnly: true })
  })
  test('is the later of two at the same path', () => {
    expect(mountOf(table, '/var/lib')?.type).toBe('tmpfs')
  })
  test('is unknown without a table of the kernel', () => {
    expect(mountOf('', '/data')).toBeUndefined()
  })
})

test('the real machine reports its processors, memory and Node version', () => {
  const { limit, available } = realMachine.memory()
  expect(realMachine.cpus).toBeGreaterThan(0)
  expect(available).toBeGreaterThan(0)
  expect(available).toBeLessThanOrEqual(limit)
  expect(realMachine.node).toEqual({ version: process.versions.node, path: process.execPath })
})

test.runIf(process.platform === 'linux')(
  'on Linux, limits, settings and file systems are read from the kernel',
  async () => {
    expect((await realMachine.openFiles())?.limit).toBeGreaterThan(0)
    expect(Number(await realMachine.sysctl('net.core.rmem_max'))).toBeGreaterThan(0)
    expect(await realMachine.sysctl('net.core.no_such_setting')).toBeUndefined()
    expect((await realMachine.fileSystem('/proc'))?.type).toBe('proc')
    expect(await realMachine.fileSystem('/no/such/folder')).toBeUndefined()
  },
)
