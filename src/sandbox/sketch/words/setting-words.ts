/**
 * The words that say where, when, how and in what manner. One line a meaning:
 *
 *     kind  value  = english words / chinese words
 *
 * A word may stand on several lines: "autumn leaves" is a season and an accent.
 */
export const settingWords = `
scene water = water, sea, ocean, lake, river, pond, harbour, harbor, bay, lagoon, fjord, waves, seascape, sailing, shore, coast, coastline, seaside, river bank, riverbank, marina, dock, pier / 水面, 海, 大海, 海洋, 湖, 湖面, 湖泊, 湖边, 湖水, 江, 江面, 河, 河流, 河边, 小河, 水边, 海面, 海边, 海浪, 池塘, 海港, 港口, 海岸, 码头, 平静的水面, 西湖, 水乡, 江南
scene beach = beach, sandy beach, seashore, tropical island, island, sand beach / 沙滩, 海滩, 海岛, 小岛, 岛屿
scene hills = hill, hills, hillside, meadow, field, fields, countryside, pasture, prairie, landscape, farm, farmland, grass, grassland, nature, valley, steppe, lawn, rice terraces, vineyard, tuscany / 草地, 草原, 田野, 山坡, 山丘, 乡村, 田园, 农场, 原野, 草坪, 风景, 大自然, 麦田, 稻田, 梯田, 山谷
scene garden = garden, park, flower field, flower garden, backyard, orchard, courtyard, botanical garden, field of flowers, tulip field, lavender field / 花园, 公园, 庭院, 院子, 花海, 花田, 果园, 花丛, 园林
scene savanna = savanna, savannah, serengeti, safari, kenya / 稀树草原, 非洲
scene forest = forest, woods, woodland, jungle, rainforest, pine forest, grove, trees, tree line / 森林, 树林, 丛林, 林间, 林中, 雨林, 树丛
scene bamboo = bamboo forest, bamboo grove, bamboo / 竹林, 竹海
scene mountain = mountain, mountains, mountain range, peak, peaks, summit, alps, alpine, himalaya, himalayas, everest, cliff, canyon, mount fuji, fuji, volcano, great wall / 山, 高山, 山峰, 山脉, 群山, 雪山, 山顶, 山上, 悬崖, 峡谷, 富士山, 黄山, 泰山, 长城, 远山, 火山, 山间, 山水, 山水画
scene city = city, street, town, village, downtown, skyline, cityscape, skyscraper, skyscrapers, buildings, urban, alley, road, avenue, sidewalk, highway, rooftop, square, plaza, market, paris, london, tokyo, new york, manhattan, shanghai, beijing, hong kong, venice, berlin, kyoto, seoul, chicago, san francisco, metropolis, traffic, crosswalk / 城市, 街道, 街头, 街上, 街, 大街, 小镇, 城镇, 都市, 高楼, 摩天大楼, 天际线, 马路, 公路, 道路, 小巷, 巷子, 胡同, 夜市, 市场, 广场, 村庄, 古镇, 巴黎, 伦敦, 东京, 纽约, 上海, 北京, 香港, 广州, 深圳, 成都, 重庆, 威尼斯, 京都, 外滩
scene desert = desert, dune, dunes, sand dunes, sahara, oasis, gobi / 沙漠, 沙丘, 戈壁, 撒哈拉, 绿洲
scene space = space, outer space, galaxy, galaxies, planet, planets, cosmos, cosmic, nebula, universe, orbit, mars, saturn, jupiter, solar system, on the moon, moon surface, lunar surface, interstellar, black hole / 太空, 宇宙, 银河, 星系, 星球, 行星, 火星, 土星, 木星, 星云, 外太空, 月球, 月球上, 黑洞, 太阳系
scene room = room, living room, bedroom, kitchen, indoors, indoor, interior, library, office, study, carpet, rug, classroom, attic, dining room, lounge, nursery, cosy room, cozy room / 房间, 客厅, 卧室, 厨房, 室内, 书房, 屋里, 屋内, 教室, 办公室, 图书馆, 家里, 家中, 阁楼, 地毯
scene table = still life, tabletop, on a plate, on the plate, breakfast, dessert, food photography, meal, dinner, lunch / 静物, 早餐, 甜点, 美食, 餐桌上, 桌上, 桌子上, 桌面上, 盘子里, 下午茶, 午餐, 晚餐
scene studio = product photo, product shot, product photography, packshot, logo, icon, sticker, isolated, white background, plain background, solid background, studio shot, studio lighting, mascot, avatar, clipart / 产品图, 产品摄影, 商品图, 图标, 标志, 贴纸, 白底, 白色背景, 纯色背景, 表情包, 吉祥物
scene underwater = underwater, under water, under the sea, under the ocean, deep sea, coral reef, seabed, ocean floor, aquarium / 水下, 海底, 水底, 深海, 珊瑚礁, 海底世界, 水族馆
scene sky = above the clouds, sky, in the sky, in the clouds, clouds, cloudscape, flying through the air / 云端, 云海, 云上, 天空, 空中, 天上, 蓝天, 高空, 蓝天白云
scene snow = antarctica, arctic, north pole, south pole, iceberg, glacier, ice floe, tundra / 南极, 北极, 冰川, 冰山, 雪地, 雪地里, 冰原
scene stage = stage, concert, theater, theatre, spotlight / 舞台, 音乐会, 演唱会, 剧院
scene abstract = abstract, abstract art, pattern, patterns, geometric, geometry, geometric shapes, geometric pattern, wallpaper, texture, gradient, fractal, mandala, shapes, swirls, fluid art, bauhaus, kaleidoscope / 抽象, 抽象画, 图案, 几何, 几何图形, 花纹, 渐变, 纹理, 壁纸, 分形, 曼陀罗

time dawn = sunrise, dawn, daybreak, morning, early morning, first light, sun rises, rising sun / 日出, 黎明, 清晨, 早晨, 早上, 晨光, 朝阳, 拂晓, 朝霞, 破晓
time day = noon, midday, afternoon, daylight, daytime, sunny day, blue sky / 中午, 白天, 正午, 下午, 午后, 晴天, 阳光
time sunset = sunset, dusk, evening, golden hour, twilight, sundown, afterglow, setting sun, blue hour / 日落, 黄昏, 傍晚, 夕阳, 落日, 晚霞, 暮色, 余晖
time night = night, midnight, nighttime, moonlight, moonlit, starry, starry night, starry sky, night sky, at night, neon lights, milky way, nocturnal / 夜晚, 夜, 夜里, 晚上, 深夜, 午夜, 星空, 月光, 月光下, 夜空, 夜色, 夜景, 月夜, 星夜, 夜市, 霓虹

weather clear = sunny, clear sky, cloudless, sunshine / 晴朗, 晴空, 阳光明媚, 万里无云
weather cloudy = cloudy, overcast, cloud / 多云, 阴天, 阴沉
weather rain = rain, rainy, raining, drizzle, rainfall, wet street, puddles / 雨, 下雨, 雨天, 雨中, 细雨, 小雨, 大雨, 雨夜, 雨后
weather storm = storm, stormy, thunderstorm, lightning, thunder, tempest / 暴风雨, 雷雨, 闪电, 雷电, 暴雨, 风暴
weather snow = snow, snowy, snowing, snowfall, blizzard, snowflakes, snowstorm, snow covered, snow-covered / 雪, 下雪, 飘雪, 大雪, 雪花, 雪天, 雪中, 白雪, 雪景, 暴雪
weather fog = fog, foggy, mist, misty, haze, hazy / 雾, 薄雾, 大雾, 雾气, 迷雾, 晨雾, 云雾, 烟雨

season spring = spring, springtime / 春天, 春季, 春日, 春
season summer = summer, summertime / 夏天, 夏季, 夏日
season autumn = autumn, autumnal, in fall, in the fall, fall foliage, fall colors, fall leaves, autumn leaves, golden leaves / 秋天, 秋季, 秋日, 金秋, 秋, 落叶, 红叶
season winter = winter, wintry, christmas, snowy, frozen, icy, snow / 冬天, 冬季, 冬日, 圣诞, 圣诞节, 寒冬, 雪山, 雪地, 雪地里, 雪景, 雪

style flat = flat illustration, vector art, vector illustration, digital illustration, digital art, flat design / 扁平, 扁平插画, 矢量插画, 插画
style watercolour = watercolor, watercolour, watercolors, watercolours, aquarelle, gouache, watercolor painting / 水彩, 水彩画, 水彩风格, 水粉, 水粉画
style oil = oil painting, oil paint, oil on canvas, impressionist, impressionism, impasto, van gogh, monet, acrylic, expressionist, oils, palette knife / 油画, 油画风格, 印象派, 印象主义, 梵高, 莫奈, 厚涂, 丙烯
style pixel = pixel art, pixel, pixelated, 8-bit, 8bit, 16-bit, 16bit, retro game, voxel / 像素, 像素画, 像素风, 像素艺术, 像素风格, 马赛克
style pencil = pencil sketch, pencil drawing, pencil, sketch, line art, charcoal, hand drawn, graphite, line drawing, hand-drawn, engraving, etching / 素描, 铅笔画, 速写, 线稿, 手绘, 炭笔, 线描
style ink = ink wash, ink painting, sumi-e, sumi e, chinese painting, ink wash painting, chinese ink, japanese ink, traditional chinese painting / 水墨, 水墨画, 国画, 中国画, 中国风, 写意, 山水画, 水墨风格
style vintage = vintage, retro, sepia, old photograph, old photo, antique photo, nostalgic, polaroid, 1950s, 1920s, film grain, analog photo / 复古, 怀旧, 老照片, 胶片, 年代感
style mono = black and white, black-and-white, monochrome, grayscale, greyscale, film noir, noir / 黑白, 黑白照片, 单色, 灰度
style low-poly = low poly, low-poly, lowpoly, polygonal, polygon art, origami / 低多边形, 多边形, 折纸
style neon = neon, cyberpunk, synthwave, vaporwave, retrowave, outrun / 赛博朋克, 蒸汽波, 霓虹, 霓虹灯
style paper = paper cut, papercut, paper-cut, paper art, paper craft, papercraft, layered paper, cut paper / 剪纸, 纸艺, 纸雕, 剪纸风格

accent sun = sun / 太阳
accent moon = moon, full moon, crescent moon, moonlight, moonlit / 月亮, 明月, 月光, 满月, 圆月, 弯月, 月光下, 月夜
accent stars = stars, starry, starry sky, starry night, milky way, shooting stars / 星星, 星空, 繁星, 星夜, 流星
accent rainbow = rainbow / 彩虹
accent aurora = aurora, aurora borealis, northern lights / 极光, 北极光
accent fireworks = fireworks, firework / 烟花, 焰火, 烟火
accent lightning = lightning, thunderstorm / 闪电, 雷电
accent waterfall = waterfall, waterfalls / 瀑布
accent birds = birds, flock of birds, seagull, seagulls, gulls / 鸟群, 飞鸟, 海鸥, 群鸟
accent petals = cherry blossoms, cherry blossom, sakura, petals, falling petals / 樱花, 花瓣, 桃花
accent leaves = falling leaves, autumn leaves, fallen leaves, golden leaves / 落叶, 红叶, 枫叶
accent fireflies = fireflies, firefly, glowing lights, fairy lights, magical, enchanted, sparkles / 萤火虫, 魔法, 梦幻
accent flowers = flowers, wildflowers, flower field, field of flowers, flower garden / 花丛, 花海, 野花, 鲜花盛开, 花田
accent volcano = volcano / 火山
accent fuji = mount fuji, fuji / 富士山
accent reeds = reeds / 芦苇
accent clouds = clouds, cloudscape, white clouds / 云朵, 白云, 云彩, 云海
accent lake = lake, lakes, alpine lake, pond, river / 湖, 湖面, 湖泊, 湖边, 湖水
accent trees = trees / 树木
accent wall = great wall / 长城

colour red = red, crimson, scarlet, ruby, cherry red, vermilion / 红色, 红, 大红, 朱红, 鲜红, 火红, 赤色
colour orange = orange, amber, tangerine colored / 橙色, 橙, 橘色, 橘黄色, 橘红色
colour yellow = yellow, lemon yellow / 黄色, 黄, 明黄, 黄澄澄
colour gold = gold, golden / 金色, 金黄, 金黄色, 金
colour green = green, emerald, lime, olive green, mint, jade / 绿色, 绿, 翠绿, 碧绿, 青绿, 墨绿, 草绿
colour teal = teal, turquoise / 青色, 蓝绿色, 青
colour cyan = cyan, aqua / 天青色
colour blue = blue, azure, cobalt, sky blue, light blue / 蓝色, 蓝, 天蓝, 天蓝色, 浅蓝, 湛蓝, 宝蓝
colour navy = navy, navy blue, dark blue, deep blue / 深蓝, 深蓝色, 藏青
colour indigo = indigo / 靛蓝
colour purple = purple, violet, lilac, lavender colored, magenta / 紫色, 紫, 淡紫色, 紫罗兰色
colour pink = pink, rosy, salmon pink, rose gold, hot pink / 粉色, 粉红, 粉红色, 粉, 玫红, 粉嫩
colour brown = brown, chestnut brown, tan / 棕色, 棕, 褐色, 咖啡色
colour grey = grey, gray, silver / 灰色, 灰, 银色, 银灰
colour black = black, jet black, jet-black / 黑色, 黑, 漆黑
colour white = white, ivory, snow white, cream colored / 白色, 白, 雪白, 洁白, 米白

count 1 = one, single, a, an, lone, solitary /
count 2 = two, couple of, pair of, a pair of, a couple of, both, twin / 成双
count 3 = three, trio of, few, a few / 几个
count 4 = four, several, some / 许多, 很多
count 5 = five, many, group of, flock of, herd of, bunch of, lots of / 一群, 成群, 一大群
count 6 = six, half a dozen /
count 7 = seven /
count 8 = eight /
count 9 = nine /
count 10 = ten /
count 12 = twelve, dozen, a dozen /

relation on = on, on top of, atop, sitting on, lying on, standing on, onto, upon, perched on / 坐在, 躺在, 趴在, 站在, 睡在, 放在
relation in = in, inside, within, into / 在
relation under = under, beneath, underneath, below
relation beside = beside, next to, near, by, alongside, by the / 旁, 靠近, 依偎
relation behind = behind
relation front = in front of, before
relation riding = riding, rides, riding on, ride, astride / 骑着, 骑, 骑在
relation held = with, holding, carrying, reading, playing, reads, holds, plays, eating, drinking, using, wielding, playing the, playing with / 拿着, 抱着, 撑着, 举着, 打着, 看书, 弹, 弹着, 拉着, 吹着, 端着, 喝着, 吃着, 握着, 读, 读着, 看着, 玩, 喝, 吃, 捧着, 叼着
relation worn = wearing, dressed in, wears / 戴着, 戴, 穿着, 穿, 身穿
relation over = flying over, over, above, across / 飞过

after on = / 上, 上面, 之上
after in = / 里, 里面, 中, 内
after under = / 下, 下面, 底下, 之下
after beside = / 旁边, 旁, 边, 边上, 身边
after front = / 前, 前面, 面前
after behind = / 后, 后面, 背后

pose sleeping = sleeping, asleep, napping, sleeps, sleepy, dreaming, snoozing / 睡觉, 睡着, 沉睡, 熟睡, 睡, 睡着了, 打盹
pose flying = flying, flies, soaring, floating, hovering, in flight / 飞, 飞翔, 飞行, 翱翔, 漂浮, 飞过
pose running = running, runs, jogging / 跑, 奔跑, 跑步
pose walking = walking, walks, strolling, wandering, hiking / 散步, 走路, 行走, 走在, 漫步, 走
pose dancing = dancing, dances / 跳舞, 舞蹈, 起舞
pose swimming = swimming, swims / 游泳, 游
pose surfing = surfing, surfs, surfer / 冲浪
pose cycling = cycling, cyclist / 骑车, 骑自行车
pose meditating = meditating, meditation, yoga / 冥想, 打坐, 瑜伽
pose rowing = rowing, rows / 划船
pose skiing = skiing, skier / 滑雪
pose singing = singing, sings / 唱歌
pose reading = reading, reads / 看书, 读书, 阅读

manner minimal = minimalist, minimal, minimalism, minimalistic, simple, clean / 极简, 简约, 极简主义, 简洁, 极简风格
manner calm = calm, serene, still, tranquil, peaceful, quiet / 平静, 宁静, 安静
manner portrait = portrait, headshot, close-up, closeup, close up / 肖像, 人像, 特写, 头像
negation no = no, without, not, except / 没有, 不要, 无

ignore - = children's book illustration, children's book, childrens book, storybook, picture book, book cover, book illustration, comic book, coloring book, notebook paper, looking at the camera, looking at camera, at the camera, facing the camera, to the camera, toward the camera, camera angle, shot on camera, shot on, film camera, water drop, water drops, water droplets, camera shot, phone wallpaper, mobile wallpaper, desktop wallpaper, candy colored, ring light, power plant, rock concert, rock band, hard rock, rule of thirds, depth of field, bird's eye view, birds eye view, bird's-eye view, fisheye, fish eye, fish-eye, eye level, worm's eye view, light and shadow, house style, water bottle, the big picture, top view, full body, hot dogs stand, car wash, car park, fan art, art deco / 马上, 马卡龙, 马克杯, 罗马, 花样, 牛仔, 书法, 海报, 海拔, 水平, 水晶, 冰箱, 印象, 对象, 日本, 日式, 星期, 云南, 鼓励, 轻松, 人工智能, 画面, 鱼眼, 鸟瞰, 鸟瞰图, 超现实, 现实主义, 背景, 前景, 中景, 远景, 主题, 构图, 中心, 中国, 中间, 其中, 空气中, 上方, 下方, 一起, 一边, 海鲜, 虎年, 龙年, 马年, 红包封面, 绿植墙, 黄金比例, 白领, 黑板, 金属, 金融, 青年, 青春, 粉丝, 面包屑, 走廊, 游戏, 玩具, 银行, 灰尘, 飞溅, 吃惊, 吃饭, 玩耍, 喝水
`;
