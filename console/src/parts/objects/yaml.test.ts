import { parse } from 'yaml'
import { expect, test } from 'vitest'
import { SeededRandom } from '../../../../test/kit/random.ts'
import { yamlOf } from './yaml.ts'

test('an object is written as by kubectl', () => {
  expect(
    yamlOf({
      apiVersion: 'apps/v1',
      metadata: { name: 'web', labels: {}, 'k8s.io/x': 'true' },
      spec: {
        replicas: 3,
        paused: false,
        ports: [],
        containers: [{ name: 'c', args: ['-v', 'a: b'] }, [1, [2]]],
        none: null,
      },
      data: { script: '#!/bin/sh\necho 1\n\nexit' },
    }),
  ).toBe(
    'apiVersion: apps/v1\nmetadata:\n  name: web\n  labels: {}\n  k8s.io/x: "true"\nspec:\n  replicas: 3\n' +
      '  paused: false\n  ports: []\n  containers:\n  - name: c\n    args:\n    - "-v"\n    - "a: b"\n' +
      '  - - 1\n    - - 2\n  none: null\ndata:\n  script: |-\n    #!/bin/sh\n    echo 1\n\n    exit\n',
  )
})

test('any value survives a round trip', () => {
  const random = new SeededRandom(5)
  const texts = [
    '',
    ' ',
    'a',
    'true',
    'No',
    '1',
    '1e3',
    '0x1f',
    '0o7',
    '1_000',
    '2026-11-20',
    '12:30',
    '~',
    '-',
    '- a',
    '?',
    ': ',
    'a:',
    'a: b',
    'a #b',
    '#',
    '&a',
    '*a',
    '!t',
    '%d',
    '@x',
    '`',
    "it's",
    '"q"',
    '[a',
    '{a',
    'a\nb',
    'a\nb\n',
    '\na',
    'a\n\n',
    ' a\nb',
    'a\n b',
    'a \nb',
    'a\tb\nc',
    'ä €',
    '東京\n京',
    '\u0000',
    '\u0085',
    '\u2028x\ny',
    '\ud83d\ude00',
    '...',
    '---',
    '.5',
    '.inf',
    'a,b',
    'k=v',
    'x:y',
    '<<',
    '=',
    'null',
    'a\r\nb',
    '#!/bin/sh\necho "x: $y"\n',
  ]
  const value = (depth: number): unknown => {
    const kind = random.integer(0, depth > 3 ? 4 : 6)
    if (kind === 0) return random.pick([0, -1, 1.5, 1e21, 1e-7, 9007199254740991])
    if (kind === 1) return random.pick([true, false, null])
    if (kind < 5) return random.pick(texts)
    const length = random.integer(0, 4)
    if (kind === 5) return Array.from({ length }, () => value(depth + 1))
    return Object.fromEntries(Array.from({ length }, () => [random.pick(texts), value(depth + 1)]))
  }
  for (const text of texts) expect(parse(yamlOf({ [text]: [text] })), JSON.stringify(text)).toEqual({ [text]: [text] })
  for (let round = 0; round < 2000; round++) {
    const written = value(0)
    expect(parse(yamlOf(written)), JSON.stringify(written)).toEqual(written)
  }
})
