import { inspect } from 'node:util'
import { describe, expect, it } from 'vitest'
import { WeirError } from '../model/errors.ts'
import { arrivedSettings, carriedSettings, Complaint, Secret } from './index.ts'

function parse(written: string): Secret {
  const result = Secret.parse(written)
  if (result instanceof Complaint) throw new Error(result.message)
  return result
}

const noFile = (path: string): string => {
  throw new Error(`no ${path}`)
}

describe('a secret', () => {
  it('written out never shows in a string, in JSON or in an inspection', () => {
    const holder = { token: parse('hunter2') }
    const shown = [
      String(holder.token),
      ''.concat(holder.token.toString()),
      JSON.stringify(holder),
      inspect(holder, { depth: 9, showHidden: true }),
    ]
    expect(shown.join()).not.toContain('hunter2')
    expect(JSON.stringify(holder)).toBe('{"token":"***"}')
    expect(inspect(holder)).toBe('{ token: Secret(***) }')
  })

  it('shows the reference it was written as, which is not the value', () => {
    expect(String(parse('env:NATS_TOKEN'))).toBe('env:NATS_TOKEN')
    expect(String(parse('file:/run/secrets/nats'))).toBe('file:/run/secrets/nats')
  })

  it('is revealed from the environment, a file, or itself', () => {
    expect(parse('env:A').reveal({ A: 'x' }, noFile)).toBe('x')
    expect(parse('file:/s').reveal({}, (path) => `${path}!\n`)).toBe('/s!')
    expect(parse('plain').reveal({}, noFile)).toBe('plain')
    expect(Secret.of('env:literal').reveal({}, noFile)).toBe('env:literal')
  })

  it('loses one line end of its file and no other blanks', () => {
    expect(parse('file:/s').reveal({}, () => ' a \r\n')).toBe(' a ')
    expect(parse('file:/s').reveal({}, () => 'a\n\n')).toBe('a\n')
  })

  it('reports the variable or file to set if it is missing', () => {
    expect(() => parse('env:A').reveal({}, noFile)).toThrow(
      new WeirError('WEIR_SECRET_MISSING', 'a secret refers to the environment variable A, which is not set'),
    )
    expect(() => parse('env:A').reveal({ A: '' }, noFile)).toThrow('variable A, which is not set')
    expect(() => parse('file:/s').reveal({}, noFile)).toThrow('file /s, which cannot be read')
    expect(() => parse('file:/s').reveal({}, () => '\n')).toThrow('file /s, which is empty')
  })

  it.each(['', 'env:', 'env:not a name', 'env:1A', 'file:', 'file: '])(
    'is refused when it is written %j',
    (written) => {
      expect(Secret.parse(written)).toBeInstanceOf(Complaint)
    },
  )

  it('equals another one only with the same reference', () => {
    expect(parse('env:A').equals(parse('env:A'))).toBe(true)
    expect(parse('env:A').equals(parse('file:A'))).toBe(false)
    expect(parse('a').equals(parse('b'))).toBe(false)
  })

  it('in a file is read again, also after a transfer to another thread; others transfer their values', () => {
    const carried = structuredClone(
      carriedSettings({ auth: [{ password: parse('file:/s') }, { password: parse('env:A') }] }, (secret) =>
        secret.reveal({ A: 'x' }, () => 'then'),
      ),
    )
    const { auth } = arrivedSettings(carried) as { auth: readonly { password: Secret }[] }
    expect(auth.map(({ password }) => password.reveal({}, () => 'now'))).toEqual(['now', 'x'])
  })
})
