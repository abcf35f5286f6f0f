import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client'
import { expect, onTestFinished, test } from 'vitest'
import { SeededRandom } from '../../test/kit/random.ts'
import { weir } from './testing/command.ts'
import { startIncident } from './testing/incident.ts'

type Parameters = Readonly<Record<string, string>>

/** With fixed times: the time of the request is part of no result. */
function randomParameters(random: SeededRandom, { from, to }: Readonly<{ from: number; to: number }>): Parameters {
  const moment = (least: number, most: number) => new Date(random.integer(least, most)).toISOString()
  const filter = random.pick(['', 'proto = tcp', 'bytes > 0', 'dst.port < 1024', 'src.namespace = shop'])
  return {
    from: moment(from - 600_000, from + 60_000),
    to: moment(to - 60_000, to),
    by: random.pick(['bytes', 'packets', 'flows']),
    limit: String(random.integer(1, 20)),
    ...(filter === '' ? {} : { filter }),
    ...(random.chance(0.3) ? { at: moment(from, to) } : {}),
    ...(random.chance(0.3) ? { lookback: random.pick(['5m', '30m', '2h']) } : {}),
  }
}

test('HTTP, MCP and the command have the same causes', async () => {
  const random = new SeededRandom(31)
  let explained = 0
  for (const seed of [1, 2, 3, 4, 5]) {
    const incident = await startIncident(seed)
    const client = new Client({ name: 'test', version: '1' })
    await client.connect(new StreamableHTTPClientTransport(new URL(`${incident.url}/mcp`)))
    onTestFinished(() => client.close())
    for (let question = 0; question < 20; question++) {
      const parameters = randomParameters(random, incident)
      const response = await fetch(`${incident.url}/api/v1/why?${new URLSearchParams(parameters).toString()}`)
      const body = (await response.json()) as { candidates: unknown[] }
      expect([response.status, parameters]).toEqual([200, parameters])
      if (body.candidates.length > 0) explained++
      const { content } = (await client.callTool({ name: 'why', arguments: parameters })) as unknown as {
        content: [{ text: string }]
      }
      expect((JSON.parse(content[0].text) as { result: unknown }).result, JSON.stringify(parameters)).toEqual(body)
      // A process each.
      if (question >= 2) continue
      const flags = Object.entries(parameters).flatMap(([name, value]) => [`--${name}`, value])
      const { out, err } = await weir(['why', '--url', incident.url, ...flags, '-o', 'json'])
      expect(JSON.parse(out === '' ? err : out), flags.join(' ')).toEqual(body)
    }
  }
  expect(explained).toBeGreaterThan(50)
})
