import { expect, test } from 'vitest'
import { flowFields, namesOf, resolveFieldName } from '../model/fields.ts'
import { flowNames } from './names.ts'

test('a filter knows every name that the registry gives a field, whatever its case', () => {
  for (const field of flowFields) {
    for (const name of namesOf(field)) {
      expect([name, flowNames.resolve(name)]).toEqual([name, resolveFieldName(name)])
      expect([name, flowNames.resolve(name.toUpperCase())]).toEqual([name, field.name])
    }
  }
})
