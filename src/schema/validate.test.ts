import { describe, expect, it } from 'vitest'
import { nats, weir } from './fixtures/schemas.ts'
import { formatProblems, parseYaml, validate } from './index.ts'

describe('a document', () => {
  it('without anything in it has only defaults', () => {
    const { value, warnings } = validate(weir, parseYaml('', 'weir.yaml'))
    expect(value).toMatchObject({ data: './weir-data', sources: {}, peer: null })
    expect(warnings).toEqual([])
  })

  it('with a byte order mark or Windows line ends keeps its lines and columns', () => {
    const { problems } = validate(weir, parseYaml('\uFEFFdata: x\r\nlisten: 5\r\n', 'weir.yaml'))
    expect(problems).toMatchObject([{ line: 2, column: 9 }])
  })

  it('is not evaluated: tags are refused, and an alias bomb is a problem and not a hang', () => {
    expect(validate(weir, parseYaml('data: !!js/function x\n', 'f')).problems).toHaveLength(1)
    const bomb = [
      'a0: &a0 [x, x]',
      ...Array.from({ length: 30 }, (_, i) => `a${i + 1}: &a${i + 1} [*a${i}, *a${i}]`),
    ].join('\n')
    expect(validate(weir, parseYaml(bomb, 'f')).problems?.[0]?.message).toMatch(/alias/i)
  })

  it('can not change Object.prototype', () => {
    validate(weir, parseYaml('__proto__: { polluted: true }\nsinks: { __proto__: { type: stdout } }\n', 'f'))
    expect(Object.hasOwn(Object.prototype, 'polluted')).toBe(false)
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined()
  })
})

describe('a secret written out', () => {
  const text = 'url: nats://h:4222\ntoken: hunter2\n'

  it('is accepted with a warning that shows where, and not what', () => {
    const { value, warnings } = validate(nats, parseYaml(text, 'nats.yaml'))
    expect(value?.token?.reveal({}, String)).toBe('hunter2')
    expect(warnings).toMatchObject([
      { line: 2, column: 8, path: 'token', hint: 'write `env:NAME` or `file:/path` instead' },
    ])
    const printed = formatProblems(warnings ?? [], text, 'warning')
    expect(printed).toContain('nats.yaml:2:8: warning: token: ')
    expect(printed).not.toContain('hunter2')
  })

  it('is not warned about when it is a reference', () => {
    expect(validate(nats, parseYaml('url: nats://h:4222\ntoken: env:T\n', 'nats.yaml')).warnings).toEqual([])
  })

  it('stays hidden when a block of text is wrong', () => {
    const block = 'url: nats://h:4222\ntoken: |\n  hunter2\nlisten: |\n'
    expect(formatProblems(validate(nats, parseYaml(block, 'f')).problems ?? [], block)).not.toContain('hunter2')
  })
})

it('a caret stands under its column after tabs', () => {
  const problem = { file: 'f', line: 1, column: 4, path: 'a', message: 'bad' }
  expect(formatProblems([problem], '\ta: b')).toBe('f:1:4: error: a: bad\n   1 | \ta: b\n     | \t  ^')
})
