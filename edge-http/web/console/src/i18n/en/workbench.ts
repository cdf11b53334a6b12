import type zh from '../zh-CN/workbench.ts'

const workbench: typeof zh = {}

export default workbench
