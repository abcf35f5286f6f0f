import { expect, test } from 'vitest'
import { flowFields, namesOf, resolveFieldName } from '../model/fields.ts'
import { flowNames } from './names.ts'

test('a filter accepts every name of a field in the registry, case-insensitively', () => {
  for (const field of flowFields) {
    for (const name of namesOf(field)) {
      expect([name, flowNames.resolve(name)]).toEqual([name, resolveFieldName(name)])
      expect([name, flowNames.resolve(name.toUpperCase())]).toEqual([name, field.name])
    }
  }
})
