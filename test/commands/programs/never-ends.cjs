require('greenfiber').wait(new Promise(() => undefined));
