import { expect, test } from 'vitest'
import { hasValue } from './words.ts'

test('a value is not shown twice, and a part of another number is not the value', () => {
  expect(hasValue('159 connections of scanner', '159')).toBe(true)
  expect(hasValue('The API gets 0 B/s from its database', '0 B/s')).toBe(true)
  expect(hasValue('159 connections of scanner', '5')).toBe(false)
  expect(hasValue('src_name scanner', '5')).toBe(false)
})
