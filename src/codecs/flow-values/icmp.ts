/** Highest code by type (IANA registries); -1: the type is not assigned. */
function highestCodes(of: Readonly<Record<number, number>>, ranges: readonly (readonly [number, number, number])[]) {
  const codes = new Int16Array(256).fill(-1)
  for (const [from, to, code] of ranges) codes.fill(code, from, to + 1)
  for (const [type, code] of Object.entries(of)) codes[Number(type)] = code
  return codes
}

const v4 = highestCodes({ 3: 15, 5: 3, 9: 16, 11: 1, 12: 2, 40: 5, 43: 4 }, [
  [0, 0, 0],
  [4, 6, 0],
  [8, 10, 0],
  [13, 18, 0],
  [30, 42, 0],
  [253, 254, 255],
])
const v6 = highestCodes({ 1: 8, 2: 0, 3: 1, 4: 10, 138: 255, 155: 255 }, [
  [100, 101, 255],
  [127, 127, 255],
  [128, 161, 15],
  [200, 201, 255],
  [255, 255, 255],
])

const exists = (codes: Int16Array, type: number, code: number) => code <= codes[type]!

export type IcmpOrder = 'usual' | 'reversed' | 'either'

/** Order in which the message exists. Most exporters write type * 256 + code, Cisco IOS XR code * 256 + type. */
export function icmpOrder(family: 'v4' | 'v6', value: number): IcmpOrder {
  const codes = family === 'v6' ? v6 : v4
  const high = value >> 8
  const low = value & 0xff
  const isUsual = exists(codes, high, low)
  const isReversed = exists(codes, low, high)
  return isUsual === isReversed ? 'either' : isUsual ? 'usual' : 'reversed'
}
