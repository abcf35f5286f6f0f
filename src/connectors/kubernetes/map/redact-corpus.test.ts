import { createHash } from 'node:crypto'
import { expect, test } from 'vitest'
import { planted, type Planted } from '../../../../test/kit/secret-corpus.ts'
import { Redactor } from './redact.ts'

const redactor = new Redactor({ key: Buffer.from('key of the test') })

/** Verbatim, in base64 at any offset, and without line breaks. */
function leaks({ object }: Planted, value: string): boolean {
  const text = JSON.stringify(redactor.redact(object)).replaceAll(/\\n\s*/g, '')
  const forms = [
    value,
    value.toUpperCase(),
    ...[0, 1, 2].map((before) =>
      Buffer.from(`${'x'.repeat(before)}${value}`)
        .toString('base64')
        .slice(Math.ceil((before * 8) / 6), Math.floor(((before + value.length) * 8) / 6)),
    ),
  ]
  return forms.some((form) => text.includes(form.slice(0, 16)))
}

test('no planted value remains in an object, in more than 90 notations', () => {
  const value = (number: number): string => createHash('sha256').update(`planted ${number}`).digest('hex').slice(0, 48)
  const all = planted(value)
  expect(all.length).toBeGreaterThan(90)
  expect(all.filter((each, index) => leaks(each, value(index))).map(({ way }) => way)).toEqual([])
})

for (const value of ['correct-horse-battery-staple', 'Tr0ub4dor-3', 'letmein2026']) {
  test(`nor does ${value} under a secret name`, () => {
    const all = planted(() => value, 'named')
    expect(all.filter((each) => leaks(each, value)).map(({ way }) => way)).toEqual([])
  })
}

test('the surroundings of a value remain, and equal values have equal digests', () => {
  const map = (text: string): string =>
    (redactor.redact({ apiVersion: 'v1', kind: 'ConfigMap', data: { f: text } })['data'] as { f: string }).f
  const digest = redactor.digest('hunter2')
  expect(map('db:\n  password: |\n    hunter2\n  port: 5432\n')).toBe(
    `db:\n  password: |\n    ${digest}\n  port: 5432\n`,
  )
  expect(map('a: postgres://shop:hunter2@db/x')).toBe(`a: postgres://shop:${digest}@db/x`)
  expect(map('{"password":"hunter2","n":12345678901234567890}')).toBe(
    `{"password":"${digest}","n":12345678901234567890}`,
  )
  expect(map('mysql -uroot -phunter2 shop')).toBe(`mysql -uroot -p${digest} shop`)
  expect(map('<password>hunter2</password>')).toBe(`<password>${digest}</password>`)
  expect(map('password: "hunter2" # of the shop\nlevel: 3')).toBe(`password: "${digest}" # of the shop\nlevel: 3`)
})
