import frame from './frame.ts'
import me from './me.ts'
import people from './people.ts'
import service from './service.ts'
import system from './system.ts'

/** The texts of administration, a group of pages a file. */
export default { ...frame, ...service, ...people, ...system, ...me }
