import { memberIn, memberText } from '../model/flow-members.ts'
import type { Leaf, ValueMatch } from './bound.ts'
import { doubleTest, numberTest, textTest } from './live-tests.ts'

/** Test of a member of an object in JSON. */
export function memberTest(key: string, match: Leaf['match']): (json: string) => boolean {
  const test = valueTest(match)
  return (json) => {
    const value = memberIn(json, key)
    return value !== undefined && test(value)
  }
}

/** Test of a value that is present. */
export function valueTest(match: Leaf['match']): (value: unknown) => boolean {
  if (match.is === 'value') return typedTest(match)
  const ofText = textTest(match)
  return (value) => ofText(memberText(value) ?? '')
}

function typedTest({ texts, integers, doubles }: ValueMatch): (value: unknown) => boolean {
  const ofText = texts === undefined ? () => false : textTest(texts)
  const [ofInteger, ofDouble] = [integers.length === 0 ? () => false : numberTest(integers), doubleTest(doubles)]
  return (value) => {
    if (typeof value === 'bigint' && integers.some(({ low, high }) => value >= low && value <= high)) return true
    if (typeof value === 'number' && (Number.isSafeInteger(value) ? ofInteger(value) : ofDouble(value))) return true
    return texts?.is === 'order' && typeof value !== 'string' ? false : ofText(memberText(value) ?? '')
  }
}
