"""What the models read in the experiments. Written for this course, so that no model has seen it in training."""

# Passages for the language model, of about 100 tokens each.
PASSAGES = (
    "Bread rises because yeast eats sugar and gives off a gas. The gas is caught in the dough, which is full of "
    "long, elastic strands of gluten. Kneading makes these strands longer and stronger. If the dough is left in a "
    "warm place for an hour, it will double in size. In a cold room the same thing happens, but it takes much "
    "longer, and many bakers believe that the bread tastes better for it. When the loaf goes into the oven, the gas "
    "expands once more, the yeast dies, and the crumb sets.",
    "The train from the coast was twenty minutes late, and by the time it arrived the platform was crowded. Anna "
    "found a seat by the window and put her bag on the floor. Across from her sat an old man with a newspaper, who "
    "looked up and smiled. \"Going home?\" he asked. She shook her head. \"No,\" she said, \"I am going to see my "
    "sister. She has just moved to the city, and she does not know anyone there yet.\" The man nodded and went back "
    "to his paper.",
    "Rivers carry sand and mud from the mountains to the sea. Where the water slows down, it can no longer hold the "
    "heavy grains, and they sink to the bottom. Over thousands of years a delta grows: a flat, fertile plain, cut by "
    "many small channels. Most of the great deltas of the world are densely populated, because the soil is good and "
    "the rice grows well. They are also dangerous places to live. The land is low, and a single storm can flood it.",
    "To measure the height of a tree without climbing it, you need a stick and a sunny day. Push the stick into the "
    "ground so that it stands upright, and measure its height and the length of its shadow. Then measure the length "
    "of the shadow of the tree. The two triangles have the same shape, so the ratio of height to shadow is the same "
    "for both. If a stick of one metre has a shadow of two metres, and the shadow of the tree is thirty metres long, "
    "then the tree is fifteen metres tall.",
    "A library is not only a place for books. In our town it is where children do their homework, where people "
    "without a computer write their letters, and where the chess club meets on Thursday evenings. Last year the "
    "council wanted to close it in order to save money. More than two thousand people signed a petition, and at the "
    "meeting in March there were not enough chairs. In the end the council changed its mind. The library is now open "
    "on Sundays as well.",
    "Water is one of the few substances that expand when they freeze. Its molecules arrange themselves in an open "
    "pattern that takes up more space than the liquid does. That is why ice floats, and why a bottle of water may "
    "break if it is left in the freezer. It is also why a lake freezes from the top. The layer of ice keeps the cold "
    "air away from the water below, which stays at about four degrees, and the fish survive the winter.",
)

# For the sentence encoder: a question to a collection of sentences, the sentence that means the same, and one that
# shares words with it and means something else.
TRIPLES = (
    ("A boy is kicking a ball in the park.", "A child plays football on the grass.", "The park is closed at night."),
    (
        "The bank raised its interest rates.",
        "Borrowing money has become more expensive.",
        "We sat on the bank of the river.",
    ),
    (
        "My computer will not start.",
        "The laptop does not switch on any more.",
        "The computer shop is in the high street.",
    ),
    ("How do I get to the station?", "Which way is it to the trains?", "How old is this building?"),
    ("She gave up smoking last year.", "She no longer uses cigarettes.", "Smoke came out of the chimney."),
    ("The soup needs more salt.", "This broth tastes bland.", "The sea is full of salt."),
    ("He failed the exam.", "He did not pass the test.", "The exam room is on the second floor."),
    ("It has not rained for weeks.", "There is a long drought.", "The rain forest is home to many birds."),
    (
        "The patient has a high temperature.",
        "The sick man is running a fever.",
        "The temperature of the oven is high enough.",
    ),
    ("A woman is slicing an onion.", "Someone cuts up a vegetable.", "A woman is swimming in the lake."),
    (
        "The flight was cancelled because of fog.",
        "The plane did not take off, as visibility was poor.",
        "The flight of an owl is silent.",
    ),
    ("Prices went up by ten per cent.", "Everything costs a tenth more.", "Ten people went up the stairs."),
    ("I can't find my keys.", "I have lost what opens my front door.", "A piano has eighty-eight keys."),
    ("The film made me cry.", "I was in tears at the end of the movie.", "The film was shot in Norway."),
    ("They got married in June.", "Their wedding was at the start of summer.", "In June the nights are short."),
    ("The dog chased the cat up a tree.", "A cat fled from a dog into the branches.", "The tree lost its leaves."),
)

QUESTIONS = [question for question, _, _ in TRIPLES]
COLLECTION = [answer for _, answer, _ in TRIPLES] + [decoy for _, _, decoy in TRIPLES]
