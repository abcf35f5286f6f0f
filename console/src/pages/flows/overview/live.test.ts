import { expect, test } from 'vitest'
import { panelKinds } from './kinds.ts'
import { isOfStream } from './live.ts'

test('only panels of all flows read the stream, which has no condition of a family', () => {
  const streamed = Object.entries(panelKinds).flatMap(([name, kind]) =>
    kind.shape === 'rates' && isOfStream(kind) ? [name] : [],
  )
  expect(streamed.toSorted()).toEqual(['bytes', 'flows', 'packets'])
})
