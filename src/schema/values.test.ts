import { describe, expect, it } from 'vitest'
import { Complaint, formatHostPort, parseBytes, parseDuration, parseHostPort } from './index.ts'

describe('a duration', () => {
  it.each([
    ['250ms', 250],
    ['5s', 5_000],
    ['10m', 600_000],
    ['24h', 86_400_000],
    ['7d', 604_800_000],
    ['1.5s', 1_500],
    ['0s', 0],
  ])('%s is %d ms', (written, value) => {
    expect(parseDuration(written)).toBe(value)
  })

  it.each(['5', '5 s', '-5s', '5S', 's', '', '1h30m', '1e3s', `${'9'.repeat(20)}d`])('%j is refused', (written) => {
    expect(parseDuration(written)).toBeInstanceOf(Complaint)
  })

  it.each([
    ['5 min', 'write `5m`'],
    ['5S', 'write `5s`'],
    ['3 hours', 'write `3h`'],
    ['2days', 'write `2d`'],
    ['100msec', 'write `100ms`'],
    ['30sec', 'write `30s`'],
  ])('%s brings the advice: %s', (written, hint) => {
    expect(parseDuration(written)).toMatchObject({ hint })
  })
})

describe('a size', () => {
  it.each([
    ['64KiB', 65_536],
    ['8MiB', 8_388_608],
    ['10GiB', 10_737_418_240],
    ['1GB', 1_000_000_000],
    ['1.5KiB', 1_536],
    ['12B', 12],
    ['12', 12],
    ['2TiB', 2_199_023_255_552],
  ])('%s is %d bytes', (written, value) => {
    expect(parseBytes(written)).toBe(value)
  })

  it.each(['8mib', '8M', '-1B', '1PiB', '', 'KiB', '99999TiB'])('%j is refused', (written) => {
    expect(parseBytes(written)).toBeInstanceOf(Complaint)
  })
})

describe('host:port', () => {
  it.each([
    ['127.0.0.1:8080', { host: '127.0.0.1', port: 8080 }],
    ['[::1]:53', { host: '::1', port: 53 }],
    ['[fe80::1%eth0]:53', { host: 'fe80::1%eth0', port: 53 }],
    ['localhost:0', { host: 'localhost', port: 0 }],
  ])('%s is read, and written the same way', (written, value) => {
    expect(parseHostPort(written)).toEqual(value)
    expect(formatHostPort(value)).toBe(written)
  })

  it.each([
    '8080',
    ':8080',
    '::1:53',
    '[::1]',
    '[zz]:1',
    '[1:2]:1',
    'host',
    'host:',
    'host:65536',
    '256.0.0.1:1',
    '1.2.3:4',
    'http://h:1',
    'a b:1',
  ])('%j is refused', (written) => {
    expect(parseHostPort(written)).toBeInstanceOf(Complaint)
  })
})
