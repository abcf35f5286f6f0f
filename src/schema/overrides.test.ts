import { describe, expect, it } from 'vitest'
import { weir } from './fixtures/schemas.ts'
import {
  applyOverrides,
  environmentOverrides,
  formatProblems,
  parseYaml,
  validate,
  variableFor,
  type ConfigDocument,
} from './index.ts'

const text = 'sources:\n  netflow:\n    listen: 127.0.0.1:1\n  edge-1:\n    type: netflow\n'
const file = (): ConfigDocument => parseYaml(text, 'weir.yaml')

describe('an override', () => {
  it('wins over the file, and the last over the first', () => {
    const path = ['sources', 'netflow', 'listen']
    const document = applyOverrides(file(), [
      { path, value: '127.0.0.1:2', origin: 'WEIR_SOURCES_NETFLOW_LISTEN' },
      { path, value: ['127.0.0.1:3'], origin: '--netflow' },
    ])
    expect(validate(weir, document).value?.sources['netflow']?.settings.listen).toEqual([
      { host: '127.0.0.1', port: 3 },
    ])
    expect(file().value).toEqual(parseYaml(text, 'weir.yaml').value)
  })

  it('makes the entry that it needs', () => {
    const document = applyOverrides(parseYaml('', 'weir.yaml'), [
      { path: ['sources', 'netflow', 'listen'], value: 'off', origin: '--netflow' },
    ])
    expect(validate(weir, document).value?.sources['netflow']?.settings.listen).toEqual([])
  })

  it('is named by problems with its value, in place of a line', () => {
    const document = applyOverrides(file(), [
      { path: ['sources', 'netflow', 'listen'], value: ['127.0.0.1:1', 'x'], origin: '--netflow' },
    ])
    const { problems } = validate(weir, document)
    expect(problems).toEqual([
      {
        file: '--netflow',
        line: 0,
        column: 0,
        path: 'sources.netflow.listen[1]',
        message: 'expected host:port such as `127.0.0.1:8080` or `"[::1]:53"`, got `x`',
        hint: 'add a port',
      },
    ])
    expect(formatProblems(problems ?? [], text)).toMatch(/^--netflow: error: sources\.netflow\.listen\[1\]: expected/)
  })

  it('is named when the entry that it made lacks a required field', () => {
    const document = applyOverrides(file(), [
      { path: ['sinks', 'nats', 'subject'], value: 'x', origin: 'WEIR_SINKS_NATS_SUBJECT' },
    ])
    expect(validate(weir, document).problems).toMatchObject([
      { file: 'WEIR_SINKS_NATS_SUBJECT', path: 'sinks.nats.url', message: 'required field is missing' },
    ])
  })
})

describe('a WEIR_ variable', () => {
  const from = (env: Record<string, string>) =>
    environmentOverrides(env, weir, { document: file(), known: ['WEIR_CONFIG'] })

  it('sets the path that its name spells', () => {
    const { overrides, warnings } = from({
      WEIR_LISTEN: 'off',
      WEIR_SOURCES_NETFLOW_LISTEN: '127.0.0.1:1, [::1]:2',
      WEIR_SOURCES_EDGE_1_RECEIVE_BUFFER: '1048576',
      HOME: '/',
      WEIR_DATA: '',
    })
    expect(overrides).toEqual([
      { path: ['listen'], value: 'off', origin: 'WEIR_LISTEN' },
      { path: ['sources', 'edge-1', 'receive_buffer'], value: '1048576', origin: 'WEIR_SOURCES_EDGE_1_RECEIVE_BUFFER' },
      {
        path: ['sources', 'netflow', 'listen'],
        value: ['127.0.0.1:1', '[::1]:2'],
        origin: 'WEIR_SOURCES_NETFLOW_LISTEN',
      },
    ])
    expect(warnings).toEqual([])
    expect(validate(weir, applyOverrides(file(), overrides)).value?.sources['edge-1']?.settings.receive_buffer).toBe(
      1_048_576,
    )
  })

  it('is read as the kind of its field: numbers, flags, lists, maps, secrets, variants', () => {
    const { overrides } = from({
      WEIR_SINKS_NATS_URL: 'nats://h:4222',
      WEIR_SINKS_NATS_REPLICAS: '3',
      WEIR_SINKS_NATS_CREATE: 'false',
      WEIR_SINKS_NATS_HEADERS: 'a=1,b=x=y',
      WEIR_SINKS_NATS_FROM: 'netflow, edge-1,',
      WEIR_SINKS_NATS_AUTH_TYPE: 'bearer',
      WEIR_SINKS_NATS_AUTH_TOKEN: 'hunter2',
      WEIR_SINKS_NATS_BATCH_EVENTS: '7',
    })
    const { value, warnings } = validate(weir, applyOverrides(file(), overrides))
    expect(value?.sinks['nats']).toMatchObject({
      common: { from: ['netflow', 'edge-1'] },
      settings: {
        replicas: 3,
        create: false,
        headers: { a: '1', b: 'x=y' },
        auth: { type: 'bearer' },
        batch: { events: 7 },
      },
    })
    expect(warnings).toEqual([])
  })

  it('that does not fit its field is a problem that names it', () => {
    const { overrides } = from({
      WEIR_SINKS_STDOUT_FORMAT: 'jsn',
      WEIR_SINKS_NATS_URL: 'nats://h:4222',
      WEIR_SINKS_NATS_REPLICAS: 'three',
    })
    expect(validate(weir, applyOverrides(file(), overrides)).problems).toMatchObject([
      { file: 'WEIR_SINKS_NATS_REPLICAS', message: 'expected a whole number from 1 to 5, got `three`' },
      { file: 'WEIR_SINKS_STDOUT_FORMAT', hint: 'did you mean `json`?' },
    ])
  })

  it('that sets nothing is a warning, unless another program put it there', () => {
    const { warnings } = from({
      WEIR_LISEN: 'x',
      WEIR_CONFIG: 'weir.yaml',
      WEIR_SERVICE_HOST: '10.0.0.1',
      WEIR_PORT_8080_TCP_ADDR: '10.0.0.1',
    })
    expect(warnings).toEqual([
      {
        file: 'WEIR_LISEN',
        line: 0,
        column: 0,
        path: '',
        message: 'this variable sets nothing',
        hint: 'did you mean `WEIR_LISTEN`?',
      },
    ])
  })

  it('has a name that follows from the path', () => {
    expect(variableFor(['sources', 'edge-1', 'listen'])).toBe('WEIR_SOURCES_EDGE_1_LISTEN')
  })
})
