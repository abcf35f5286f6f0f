// Flows with the namespaces of both ends, as exported by NetObserv's agent (IPFIX enterprise elements).
import { createSocket } from 'node:dgram'
import { setTimeout as sleep } from 'node:timers/promises'
import {
  ip4,
  ipfix,
  set,
  template,
  u16,
  u64,
  u8,
  varying,
  type FieldOf,
} from '../../../src/codecs/templates/testing/datagrams.ts'

export interface End {
  readonly address: string
  readonly namespace: string
  readonly name: string
}

const pen = 2
const fields: readonly FieldOf[] = [
  [8, 4],
  [12, 4],
  [7, 2],
  [11, 2],
  [4, 1],
  [1, 8],
  [2, 8],
  [152, 8],
  [153, 8],
  [7733, 65535, pen],
  [7734, 65535, pen],
  [7735, 65535, pen],
  [7736, 65535, pen],
]
let sequence = 0

export async function sendNamespaced(
  port: number,
  pairs: readonly (readonly [from: End, to: End])[],
  each: number,
): Promise<void> {
  const socket = createSocket('udp4')
  try {
    for (let count = 0; count < each; count++) {
      for (const [from, to] of pairs) {
        const now = Date.now()
        const record = Buffer.concat([
          ip4(from.address),
          ip4(to.address),
          u16(40_000 + count, 5432),
          u8(6),
          u64(1000 + count, 10, now - 200, now),
          ...[from.namespace, from.name, to.namespace, to.name].map(varying),
        ])
        const datagram = ipfix(
          { time: Math.floor(now / 1000), sequence: sequence++ },
          set(2, template(300, fields)),
          set(300, record),
        )
        await new Promise((resolve) => {
          socket.send(datagram, port, '127.0.0.1', resolve)
        })
      }
      await sleep(2)
    }
  } finally {
    socket.close()
  }
}

const end = (address: string, namespace: string, name: string): End => ({ address, namespace, name })
export const ends = {
  cart: end('10.9.0.1', 'shop', 'cart-1'),
  shopDb: end('10.9.0.2', 'shop', 'shop-db-0'),
  world: end('203.0.113.7', '', ''),
  ledger: end('10.9.1.1', 'bank', 'ledger-7'),
  bankDb: end('10.9.1.2', 'bank', 'bank-db-0'),
} as const

export const bothNamespaces: readonly (readonly [End, End])[] = [
  [ends.cart, ends.shopDb],
  [ends.cart, ends.world],
  [ends.ledger, ends.bankDb],
  [ends.ledger, ends.cart],
  [ends.world, ends.ledger],
]
