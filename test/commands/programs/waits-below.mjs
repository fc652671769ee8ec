import { sleep } from 'greenfiber';

sleep(5);
export const soon = 'waited for';
