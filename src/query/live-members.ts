import { memberIn, memberText } from '../model/flow-members.ts'
import type { Leaf, ValueMatch } from './bound.ts'
import { doubleTest, numberTest, textTest } from './live-tests.ts'

/** Of the object as JSON. */
export function memberTest(key: string, match: Leaf['match']): (json: string) => boolean {
  const test = match.is === 'value' ? valueTest(match) : undefined
  const ofText = textTest(match)
  return (json) => {
    const value = memberIn(json, key)
    if (value === undefined) return false
    return test === undefined ? ofText(memberText(value) ?? '') : test(value)
  }
}

function valueTest({ texts, integers, doubles }: ValueMatch): (value: unknown) => boolean {
  const ofText = texts === undefined ? () => false : textTest(texts)
  const [ofInteger, ofDouble] = [integers.length === 0 ? () => false : numberTest(integers), doubleTest(doubles)]
  return (value) => {
    if (typeof value === 'bigint' && integers.some(({ low, high }) => value >= low && value <= high)) return true
    if (typeof value === 'number' && (Number.isSafeInteger(value) ? ofInteger(value) : ofDouble(value))) return true
    return texts?.is === 'order' && typeof value !== 'string' ? false : ofText(memberText(value) ?? '')
  }
}
