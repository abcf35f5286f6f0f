import { describe, expect, test } from 'vitest'
import { chosen, isShown, showAll, type LegendChoice } from './legend-choice.ts'

const all = ['a', 'b', 'c']
const shown = (choice: LegendChoice): string[] => all.filter((name) => isShown(choice, name))
const click = (choice: LegendChoice, name: string, modified = false): LegendChoice =>
  chosen(choice, all, name, { modified })

describe('the legend of a chart', () => {
  test('a click isolates a series, and the next one on it shows all', () => {
    const only = click(showAll, 'b')
    expect(shown(only)).toEqual(['b'])
    expect(click(only, 'b')).toBe(showAll)
  })

  test('while some are hidden, a click shows or hides one', () => {
    const two = click(click(showAll, 'b'), 'a')
    expect(shown(two)).toEqual(['a', 'b'])
    expect(shown(click(two, 'b'))).toEqual(['a'])
    expect(click(two, 'c')).toBe(showAll)
  })

  test('a click with a modifier key hides one, and shows it again', () => {
    const without = click(showAll, 'b', true)
    expect(shown(without)).toEqual(['a', 'c'])
    expect(click(without, 'b', true)).toBe(showAll)
  })

  test('the last one cannot be hidden: all are shown instead', () => {
    expect(click(click(click(showAll, 'a', true), 'b', true), 'c', true)).toBe(showAll)
  })

  test('an isolated series stays alone when another appears', () => {
    expect(isShown(click(showAll, 'b'), 'new')).toBe(false)
    expect(isShown(click(showAll, 'b', true), 'new')).toBe(true)
  })
})
