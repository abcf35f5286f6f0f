/** A self-signed certificate for 127.0.0.1 that is its own authority. */
import { generateKeyPairSync, sign } from 'node:crypto'

function der(tag: number, ...parts: readonly Uint8Array[]): Buffer {
  const body = Buffer.concat(parts)
  const length =
    body.length < 128
      ? [body.length]
      : body.length < 256
        ? [0x81, body.length]
        : [0x82, body.length >> 8, body.length & 255]
  return Buffer.concat([Buffer.from([tag, ...length]), body])
}

const [sequence, set, integer, bits, octets, text, oid, time, flag] = [
  0x30, 0x31, 0x02, 0x03, 0x04, 0x0c, 0x06, 0x17, 0x01,
]
const id = (...bytes: readonly number[]): Buffer => der(oid, Buffer.from(bytes))
const ecdsaWithSha256 = der(sequence, id(0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02))

export interface TestCertificate {
  readonly name: string
  /** PEM; valid from 2020 to 2049. */
  readonly cert: string
  readonly key: string
}

/** `by`: the signing authority; by default self-signed. `hosts`: names besides 127.0.0.1. */
export function selfSigned(name = 'weir-test', by?: TestCertificate, hosts: readonly string[] = []): TestCertificate {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const called = (common: string): Buffer =>
    der(sequence, der(set, der(sequence, id(0x55, 0x04, 0x03), der(text, Buffer.from(common)))))
  const extension = (number: number, value: Buffer, critical = false): Buffer =>
    der(sequence, id(0x55, 0x1d, number), ...(critical ? [der(flag, Buffer.from([255]))] : []), der(octets, value))
  const constraints = by === undefined ? der(sequence, der(flag, Buffer.from([255]))) : der(sequence)
  const extensions = der(
    0xa3,
    der(
      sequence,
      extension(0x13, constraints, true),
      extension(
        0x11,
        der(sequence, der(0x87, Buffer.from([127, 0, 0, 1])), ...hosts.map((host) => der(0x82, Buffer.from(host)))),
      ),
    ),
  )
  const tbs = der(
    sequence,
    der(0xa0, der(integer, Buffer.from([2]))),
    der(integer, Buffer.from([by === undefined ? 1 : 2])),
    ecdsaWithSha256,
    called(by?.name ?? name),
    der(sequence, der(time, Buffer.from('200101000000Z')), der(time, Buffer.from('491231235959Z'))),
    called(name),
    publicKey.export({ type: 'spki', format: 'der' }),
    extensions,
  )
  const whole = der(
    sequence,
    tbs,
    ecdsaWithSha256,
    der(bits, Buffer.from([0]), sign('sha256', tbs, by?.key ?? privateKey)),
  )
  return {
    name,
    cert:
      `-----BEGIN CERTIFICATE-----\n${whole.toString('base64').replace(/(.{64})(?=.)/g, '$1\n')}\n-----END ` +
      'CERTIFICATE-----\n',
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
  }
}
