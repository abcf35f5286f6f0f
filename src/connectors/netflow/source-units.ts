export * from '../../engine/flow-units.ts'
