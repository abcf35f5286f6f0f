import { components, type Component } from '../app/components.ts'
import { didYouMean } from '../schema/index.ts'
import { CommandError } from './client.ts'

/** Finds a component by `name` or `role/type`. Throws CommandError for an unknown or ambiguous name. */
export function findComponent(written: string): Component {
  const all = components()
  const results = all.filter(
    ({ name, role, type }) => written === name || written === type || written === `${role}/${type}`,
  )
  const [only] = results
  if (only !== undefined && results.length === 1) return only
  if (only !== undefined)
    throw new CommandError(
      `\`${written}\` matches more than one component.`,
      [`Choose one: ${results.map(({ name }) => name).join(' or ')}.`],
      2,
    )
  const names = all.map(({ name }) => name)
  const hint = didYouMean(written, names)
  throw new CommandError(
    `There is no component \`${written}\`.`,
    [...(hint === undefined ? [] : [`D${hint.slice(1)}`]), `Known components: ${names.join(', ')}.`],
    2,
  )
}
