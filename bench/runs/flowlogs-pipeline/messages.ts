// Seeded messages of the agent. Every flow has a unique byte count, by which it is found again.
import { ipv4, message, records, time } from '../../../src/codecs/pbflow/testing/messages.ts'
import type { SeededRandom } from '../../../test/kit/random.ts'

export interface Cluster {
  readonly nodes: readonly string[]
  /** Addresses of pods; pod n runs on node n modulo the number of nodes. */
  readonly pods: readonly string[]
  /** Unix ms of the flows: all pods exist since then, and both programs receive the same times. */
  readonly at: number
}

export const perMessage = 1000
const externals = 50_000

export const podAddress = (index: number): string => `10.128.${index >> 8}.${index & 255}`
export const nodeAddress = (index: number): string => `192.168.0.${index + 1}`

/** Messages with `count` flows in all, numbered from `from`. */
export function agentMessages(
  { nodes, pods, at: now }: Cluster,
  random: SeededRandom,
  { from, count }: { from: number; count: number },
): Buffer[] {
  const external = () => {
    const index = random.integer(0, externals - 1)
    return `203.${index >> 8}.${index & 255}.7`
  }
  const one = (number: number) => {
    const source = random.integer(0, pods.length - 1)
    const to = random.integer(0, 2) === 0 ? external() : (pods[random.integer(0, pods.length - 1)] as string)
    return message(
      [1, 2048],
      [2, 1],
      [3, time(now)],
      [4, time(now + random.integer(0, 999))],
      [5, message([1, 0x0200_0000_0000n + BigInt(source)], [2, 0x0200_0100_0000n])],
      [6, message([1, ipv4(pods[source] as string)], [2, ipv4(to)], [3, 0])],
      [7, message([1, 32_768 + random.integer(0, 19_999)], [2, random.pick([80, 443, 5432, 8080])], [3, 6])],
      [8, number],
      [9, 1 + random.integer(0, 99)],
      [12, ipv4(nodes[source % nodes.length] as string)],
      [13, 0x110],
      [24, message([2, 100_000 + random.integer(0, 5_000_000)])],
      [26, message([1, 'eth0'], [2, 1])],
      [29, 50],
    )
  }
  const messages: Buffer[] = []
  for (let at = from; at < from + count; at += perMessage)
    messages.push(records(...Array.from({ length: Math.min(perMessage, from + count - at) }, (_, i) => one(at + i))))
  return messages
}
