import { expect, test } from 'vitest'
import { tooltipPlace } from './tooltip-place.ts'

const window = { width: 1000, height: 600 }
const tip = { width: 200, height: 100 }

test('a tooltip is below the chart, centred at the pointer', () => {
  expect(tooltipPlace(500, { top: 100, bottom: 200 }, tip, window)).toEqual({ left: 400, top: 204 })
})

test('a tooltip stays inside of the window at both edges', () => {
  expect(tooltipPlace(10, { top: 100, bottom: 200 }, tip, window).left).toBe(4)
  expect(tooltipPlace(990, { top: 100, bottom: 200 }, tip, window).left).toBe(796)
})

test('a tooltip is above a chart at the bottom of the window', () => {
  expect(tooltipPlace(500, { top: 300, bottom: 590 }, tip, window).top).toBe(196)
})

test('a chart as high as the window leaves only its lower edge', () => {
  expect(tooltipPlace(500, { top: 50, bottom: 590 }, tip, window).top).toBe(496)
})
