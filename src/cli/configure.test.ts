// The commands that speak about the configuration: check, create, schema, fields.
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { realHost } from '../host/index.ts'
import { flowFields, registryVersion } from '../model/fields.ts'
import { flowNames, validate as validateFilter } from '../query/index.ts'
import { infoOf, jsonSchema, type JsonSchema } from '../schema/index.ts'
import { summary } from './validate.ts'
import { CommandError } from './client.ts'
import { components } from '../app/components.ts'
import { findComponent } from './find-component.ts'
import { weirSchema } from '../app/config.ts'
import { componentSample } from './create.ts'
import { loadConfig } from '../app/load-config.ts'
import { temporaryFolder } from './testing/command.ts'
import { launch } from './testing/launch.ts'

async function configuration(text: string): Promise<string> {
  const file = join(await temporaryFolder(), 'weir.yaml')
  await writeFile(file, text)
  return file
}

const load = async (text: string) => loadConfig(realHost(), [await configuration(text)], [])

describe('the components', () => {
  test('are everything that the configuration can hold', () => {
    const names = components().map(({ name }) => name)
    for (const key of ['sources', 'sinks', 'transforms'] as const) {
      for (const type of infoOf(weirSchema.fields[key]).components?.names ?? [])
        expect(names.includes(type) || names.includes(`${key.slice(0, -1)}/${type}`)).toBe(true)
    }
    expect(new Set(names).size).toBe(names.length)
  })

  test('are found by name and by kind', () => {
    expect(findComponent('sink/nats')).toMatchObject({ under: 'sinks', role: 'sink' })
    expect(() => findComponent('nats')).toThrow('`nats` matches more than one component.')
    expect(findComponent('source/netflow')).toMatchObject({ under: 'sources', type: 'netflow' })
  })

  test('that do not exist are reported with the closest valid name', () => {
    expect(() => findComponent('netflw')).toThrow(CommandError)
    expect(() => findComponent('netflw')).toThrow('There is no component `netflw`.')
  })
})

describe('the sample of', () => {
  const entries = components().filter(({ under }) => under !== undefined)
  test.each(entries.map((one) => [one.name, one] as const))(
    '%s is a valid configuration under any id',
    async (_, component) => {
      for (const id of [component.type, 'another']) {
        // Beside another source of flows the one that is there by default is turned off.
        const flows = id === 'another' && ['netflow', 'sflow'].includes(component.type)
        const text = await componentSample(component, id)
        const { config } = await load(
          flows
            ? text.replace(
                'sources:',
                `sources:\n  ${component.type}: {listen: off${component.type === 'netflow' ? ', tcp: off' : ''}}`,
              )
            : text,
        )
        expect(config[component.under ?? 'sinks'][id]).toMatchObject({ id, type: component.type })
      }
    },
  )

  test.each(entries.map((one) => [one.name, one] as const))(
    '%s shows every setting, and is valid with all of them set',
    async (_, component) => {
      const text = await componentSample(component, 'one')
      for (const key of Object.keys(component.schema.fields)) expect(text).toMatch(new RegExp(`^ *#?${key}:`, 'm'))
      // A setting stands as `#key:`, a comment has a blank after its sign.
      const all = text.replace(/^( *)#(?! )/gm, '$1').replace('create_stream: false', 'create_stream: true')
      expect(
        Object.keys((parse(all) as Record<string, Record<string, object>>)[component.under ?? '']?.['one'] ?? {}),
      ).toEqual(expect.arrayContaining(Object.keys(component.schema.fields)))
    },
  )

  test('the whole is valid', async () => {
    const text = await componentSample(findComponent('weir'), '')
    for (const key of Object.keys(weirSchema.fields)) expect(text).toMatch(new RegExp(`^#?${key}:`, 'm'))
    expect(JSON.stringify((await load(text)).config)).toBe(JSON.stringify((await load('')).config))
  })

  test('an id that cannot be one is refused', async () => {
    const ran = await launch(['create', 'sink/nats', '--id', 'a/b'])
    expect(ran).toMatchObject({ code: 2, stdout: '' })
    expect(ran.stderr).toContain('`a/b` is not an id')
  })

  test('a component is printed ready for the file', async () => {
    const ran = await launch(['create', 'sink/nats', '--id', 'bus'])
    expect(ran).toMatchObject({ code: 0, stderr: '', stdout: await componentSample(findComponent('sink/nats'), 'bus') })
  })
})

describe('weir schema', () => {
  test('gives the JSON Schema of the whole', async () => {
    const ran = await launch(['schema'])
    const schema = JSON.parse(ran.stdout) as JsonSchema
    expect(ran.code).toBe(0)
    expect(schema).toEqual(JSON.parse(JSON.stringify(jsonSchema(weirSchema))))
    expect(Object.keys(schema.properties ?? {})).toEqual(Object.keys(weirSchema.fields))
  })

  test('of a sink has its own settings and what every sink has', async () => {
    const ran = await launch(['schema', 'sink/nats', '-o', 'markdown'])
    expect(ran.stdout).toMatch(/^\| `url` /m)
    expect(ran.stdout).toMatch(/^\| `retain\.age` /m)
  })
})

describe('weir validate', () => {
  const text = `
data: /srv/weir
auth: {tokens: [{name: grafana, token: env:NO_SUCH_VARIABLE_OF_OURS}]}
sinks:
  bus: {type: nats, url: "nats://bus.example:4222", auth: {type: token, token: hunter2}, from: [http],
    only: {family: [audit, change]}}
  archive: {type: file, path: /srv/out.ndjson}
transforms:
  masked: {type: redact, from: [http], fields: [user.password]}
`

  test('lists the components that would run, and no secret', async () => {
    const { config, document } = await load(text)
    const printed = (await summary(config, document.value)).map((line) => line.join(' | '))
    expect(printed.join('\n')).not.toContain('hunter2')
    expect(printed).toEqual([
      'data | /srv/weir',
      'api | tcp 127.0.0.1:8080, tokens: grafana (admin)',
      'ops | tcp 127.0.0.1:8081',
      'source http | POST /events on 127.0.0.1:8080, acknowledged when synced',
      'source netflow | udp 0.0.0.0:2055, udp 0.0.0.0:4739, tcp 0.0.0.0:4739',
      'source sflow | udp 0.0.0.0:6343',
      'transform masked | redact: from http',
      'sink store | parquet in /srv/weir/store, from every source',
      'sink bus | nats: nats://bus.example:4222, from http, family audit or change',
      'sink archive | file: /srv/out.ndjson, from every source',
      'secret env:NO_SUCH_VARIABLE_OF_OURS | is missing, and not needed by these `roles`',
    ])
  })

  test('shows what sources without a listener read, and never lists them as off', async () => {
    const { config, document } = await load(`
sources:
  netflow: {listen: off, tcp: off}
  kubernetes: {cluster: prod}
  otc-cts: {projects: [{name: eu-de_p}], auth: {type: keys, access_key: "env:A", secret_key: "env:B"}, endpoint: "https://cts.example"}
  bus: {type: kafka, brokers: ["one:9092", "two:9092"], topics: [changes]}
`)
    const lines = (await summary(config, document.value)).map((line) => line.join(' | '))
    expect(lines).toEqual(
      expect.arrayContaining([
        'source netflow | off',
        'source kubernetes | on',
        'source otc-cts | https://cts.example',
        'source bus | kafka: one:9092 two:9092',
      ]),
    )
  })

  test('ends with 0 for a valid file and touches nothing', async () => {
    const file = await configuration('sinks: {stdout: {}}\n')
    const cwd = await temporaryFolder()
    const ran = await launch(['check', '--config', file], { cwd })
    expect(ran).toMatchObject({ code: 0, stderr: '' })
    expect(ran.stdout).toContain(`${file} is valid.`)
    expect(await realHost().disk.list(cwd)).toEqual([])
  })

  test('quick filters must be valid filters with unique names; without settings, the defaults apply', async () => {
    const { config } = await load('')
    expect(config.console.quick_filters.map(({ filter }) => validateFilter(filter, flowNames))).toEqual(
      config.console.quick_filters.map(() => []),
    )
    await expect(load('console: {quick_filters: [{name: DNS, filter: dst_prot = 53}]}')).rejects.toThrow(
      /quick_filters\[0\]\.filter[^]*There is no field dst_prot[^]*Did you mean dst_port/,
    )
    await expect(load('console: {quick_filters: [{name: A, filter: ""}]}')).rejects.toThrow('filter')
    await expect(
      load('console: {quick_filters: [{name: A, filter: proto = 6}, {name: A, filter: proto = 17}]}'),
    ).rejects.toThrow('two quick filters have the name A')
    expect((await load('console: {quick_filters: []}')).config.console.quick_filters).toEqual([])
  })

  test('ends with 2 and places every problem', async () => {
    const file = await configuration('sinks:\n  bus:\n    type: nats\n    url: http://x\n  out: {type: fil, path: a}\n')
    const ran = await launch(['check', '--config', file])
    expect(ran).toMatchObject({ code: 2, stdout: '' })
    expect(ran.stderr).toContain(`${file}:4:10: error: sinks.bus.url`)
    expect(ran.stderr).toContain(`${file}:5:15: error: sinks.out.type: unknown type \`fil\``)
    expect(ran.stderr).toContain('did you mean `file`?')
  })

  test('explains that a reachable address needs a token, and where the token will be stored', async () => {
    const ran = await launch(['check', '--config', await configuration('listen: 0.0.0.0:8080\n')])
    expect(ran).toMatchObject({
      code: 0,
      stdout: expect.stringContaining(
        'a token, generated at the first start and stored in ./weir-data/token',
      ) as unknown,
    })
  })
})

test('weir fields lists the registry', async () => {
  const json = await launch(['fields', '-o', 'json'])
  expect(JSON.parse(json.stdout)).toEqual({ version: registryVersion, fields: flowFields })
  const table = await launch(['fields'])
  expect(table.stdout).toMatch(/^src_addr +ip +SrcAddr +source\.address +Source address$/m)
})
