import { expect, it } from 'vitest'
import { SeededRandom } from '../../../test/kit/random.ts'
import { Bytes } from '../../codecs/parquet/bits.ts'
import { formatIp, parseIp } from '../../model/ip.ts'
import { putAddress } from './address-text.ts'

it('writes the bytes of the text of an address, also where the room ends', () => {
  const random = new SeededRandom(5)
  const fixed = ['0.0.0.0', '255.255.255.255', '9.10.99.100', '::', '2001:db8::ffff:1'].map((text) => parseIp(text)!)
  const drawn = Array.from({ length: 500 }, () => Uint32Array.of(0, 0, 0xffff, Math.floor(random.next() * 2 ** 32)))
  const [written, expected] = [new Bytes(8), new Bytes()]
  for (const words of [...fixed, ...drawn]) {
    putAddress(words, 0, written)
    expected.text(formatIp(words))
  }
  expect(Buffer.from(written.taken()).equals(Buffer.from(expected.taken()))).toBe(true)
})
